;; Comparisons as values and as conditions; selections without branches.
(module
  (func (export "less") (param i32 i32) (result i32) (i32.lt_s (local.get 0) (local.get 1)))
  (func (export "is_zero") (param i32) (result i32) (i32.eqz (local.get 0)))
  (func (export "bit") (param i32) (result i32)
    (select (i32.const 10) (i32.const 20) (i32.and (local.get 0) (i32.const 4))))
  (func (export "min") (param i32 i32) (result i32)
    (select (local.get 0) (local.get 1) (i32.lt_s (local.get 0) (local.get 1))))
  (func (export "clamp") (param i32) (result i32)
    (local.set 0 (select (local.get 0) (i32.const 255) (i32.lt_u (local.get 0) (i32.const 255))))
    (local.get 0))
  (func (export "beyond") (param i32) (result i32)
    (if (result i32) (i32.gt_u (local.get 0) (i32.const 0xffff))
      (then (i32.const 1)) (else (local.get 0)))))
