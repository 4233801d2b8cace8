;; Imports what is neither of the ABI nor of WASI.
(module
  (import "wasi:gpio/digital" "explode" (func $explode (param i32)))
  (func (export "explode") (call $explode (i32.const 1))))
