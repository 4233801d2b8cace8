;; Imports a function with another signature than it has.
(module
  (import "wasi:gpio/digital" "write" (func $write (param i32 i64) (result i32)))
  (func (export "write") (result i32) (call $write (i32.const 1) (i64.const 1))))
