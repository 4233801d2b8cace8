;; What others can link to.
(module
  (memory (export "memory") 32 32 (pagesize 1))
  (table (export "table") 4 funcref)
  (global (export "counter") (mut i32) (i32.const 1))
  (global (export "handler") (mut funcref) (ref.func $next))
  (elem (i32.const 0) $next $sum)
  (func $next (export "next") (param i32) (result i32)
    (i32.add (local.get 0) (i32.const 1)))
  (func $sum (export "sum") (param i32 i64) (result i64)
    (i64.add (local.get 1) (i64.extend_i32_u (local.get 0)))))
