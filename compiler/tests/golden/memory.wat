;; A memory that cannot grow: guards with constant limits.
(module
  (memory (export "memory") 1 2)
  (data (i32.const 16) "hello")
  (func (export "word") (param $p i32) (result i32) (i32.load (local.get $p)))
  (func (export "byte_far") (param $p i32) (result i32) (i32.load8_s offset=65535 (local.get $p)))
  (func (export "never") (param $p i32) (result i32) (i32.load offset=65533 (local.get $p)))
  (func (export "constant") (result i32) (i32.load16_u offset=4 (i32.const 65530)))
  (func (export "store") (param $p i32) (param $v i32)
    (i32.store8 offset=1 (local.get $p) (local.get $v))
    (i32.store16 (local.get $p) (local.get $v)))
  (func (export "pages") (result i32) (memory.size)))
