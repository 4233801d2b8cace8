;; Asks for a pin that the host does not grant.
(module
  (import "wasi:gpio/digital" "write" (func $write (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "write") (result i32) (call $write (i32.const 13) (i32.const 1)))
  (@custom "wasm2mcu.manifest"
    "gpio 5 output\n"
    "gpio 13 output\n"))
