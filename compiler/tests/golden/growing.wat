;; A memory that grows: the limit comes from the context, far accesses check in two steps.
(module
  (memory 1 4)
  (func (export "near") (param $p i32) (result i32) (i32.load offset=8 (local.get $p)))
  (func (export "far") (param $p i32) (result i32) (i32.load offset=100000 (local.get $p)))
  (func (export "beyond") (param $p i32) (result i32) (i32.load offset=262141 (local.get $p)))
  (func (export "constant") (result i32) (i32.load (i32.const 70000)))
  (func (export "grow") (param $n i32) (result i32)
    (i32.add (memory.grow (local.get $n)) (memory.size))))
