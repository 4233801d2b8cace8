;; Asks for a larger store than the host grants.
(module
  (import "wasi:keyvalue/store" "exists" (func $exists (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "k")
  (func (export "exists") (result i32) (call $exists (i32.const 0) (i32.const 1)))
  (@custom "wasm2mcu.manifest"
    "keyvalue 65\n"))
