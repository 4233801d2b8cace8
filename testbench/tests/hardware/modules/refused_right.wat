;; Asks for a right to a pin that the host grants another one to.
(module
  (import "wasi:gpio/digital" "read" (func $read (param i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "read") (result i32) (call $read (i32.const 5)))
  (@custom "wasm2mcu.manifest"
    "gpio 5 input\n"))
