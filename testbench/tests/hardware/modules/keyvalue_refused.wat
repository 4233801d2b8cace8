;; A store that the manifest does not ask for.
(module
  (import "wasi:keyvalue/store" "get" (func $get (param i32 i32 i32 i32) (result i32)))
  (import "wasi:keyvalue/store" "length" (func $length (param i32 i32) (result i32)))
  (import "wasi:keyvalue/store" "set" (func $set (param i32 i32 i32 i32) (result i32)))
  (import "wasi:keyvalue/store" "delete" (func $delete (param i32 i32) (result i32)))
  (import "wasi:keyvalue/store" "exists" (func $exists (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "count")  ;; a key
  (func (export "refused: get") (result i32)
    (call $get (i32.const 0) (i32.const 5) (i32.const 128) (i32.const 16)))
  (func (export "refused: length") (result i32) (call $length (i32.const 0) (i32.const 5)))
  (func (export "refused: set") (result i32)
    (call $set (i32.const 0) (i32.const 5) (i32.const 0) (i32.const 5)))
  (func (export "refused: delete") (result i32) (call $delete (i32.const 0) (i32.const 5)))
  (func (export "refused: exists") (result i32) (call $exists (i32.const 0) (i32.const 5)))
  (@custom "wasm2mcu.manifest"
    "gpio 1 input output\n"))
