;; 64-bit integers are two registers each.
(module
  (func (export "add") (param i64 i64) (result i64) (i64.add (local.get 0) (local.get 1)))
  (func (export "mul") (param i64 i64) (result i64) (i64.mul (local.get 0) (local.get 1)))
  (func (export "high") (param i32 i32) (result i32)
    (i32.wrap_i64 (i64.shr_s
      (i64.mul (i64.extend_i32_s (local.get 0)) (i64.extend_i32_s (local.get 1)))
      (i64.const 32))))
  (func (export "less") (param i64 i64) (result i32) (i64.lt_s (local.get 0) (local.get 1)))
  (func (export "shift") (param i64 i64) (result i64) (i64.shl (local.get 0) (local.get 1))))
