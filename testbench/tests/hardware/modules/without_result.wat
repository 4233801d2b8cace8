;; Imports a function of WASI that is not there, and could not say so.
(module
  (import "wasi_snapshot_preview1" "proc_raise" (func $raise (param i32)))
  (func (export "raise") (call $raise (i32.const 1))))
