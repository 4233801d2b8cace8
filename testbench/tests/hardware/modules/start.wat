;; A start function that the host calls: it reaches the hardware as exports do.
(module
  (import "wasi:gpio/digital" "write" (func $write (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (global $result (mut i32) (i32.const -99))
  (func $start (global.set $result (call $write (i32.const 5) (i32.const 1))))
  (start $start)
  (func (export "what it got") (result i32) (global.get $result))
  (@custom "wasm2mcu.manifest"
    "gpio 5 output\n"))
