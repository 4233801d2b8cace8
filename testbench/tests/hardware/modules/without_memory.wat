;; No memory: every range but an empty one at 0 is beyond it.
(module
  (import "wasi:logging/logging" "log" (func $log (param i32 i32 i32 i32 i32)))
  (import "wasi:random/random" "get-random-bytes" (func $random (param i32 i32)))
  (func (export "log nothing")
    (call $log (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
  (func (export "log a byte")
    (call $log (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1)))
  (func (export "random byte") (call $random (i32.const 0) (i32.const 1))))
