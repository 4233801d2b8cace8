;; Random numbers, which are the same in every test.
(module
  (import "wasi:random/random" "get-random-bytes" (func $bytes (param i32 i32)))
  (import "wasi:random/random" "get-random-u64" (func $u64 (result i64)))
  (memory (export "memory") 1)
  (func (export "eight bytes") (call $bytes (i32.const 32) (i32.const 8)))
  (func (export "the first four") (result i32) (i32.load (i32.const 32)))
  (func (export "the next four") (result i32) (i32.load (i32.const 36)))
  (func (export "what is behind them") (result i32) (i32.load (i32.const 40)))
  (func (export "no bytes") (call $bytes (i32.const 0x10000) (i32.const 0)))
  (func (export "thirteen bytes") (call $bytes (i32.const 64) (i32.const 13)))
  (func (export "the last of them") (result i32) (i32.load8_u (i32.const 76)))
  (func (export "and behind") (result i32) (i32.load8_u (i32.const 77)))
  (func (export "a number") (result i32) (i32.wrap_i64 (call $u64))))
