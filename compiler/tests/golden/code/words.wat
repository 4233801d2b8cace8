;; Values of 64 bits by their words: a word that is constant takes no operation, one that nobody
;; reads is not made, and an order that the high words decide looks at no other.
(module
  (func (export "join") (param $high i32) (param $low i32) (result i64)
    (i64.or
      (i64.shl (i64.extend_i32_u (local.get $high)) (i64.const 32))
      (i64.extend_i32_u (local.get $low))))
  (func (export "fraction") (param $x i64) (result i64)
    (i64.or
      (i64.and (local.get $x) (i64.const 0x000fffffffffffff))
      (i64.const 0x0010000000000000)))
  (func (export "scale") (param $x i64) (param $by i32) (result i64)
    (i64.sub
      (i64.add
        (local.get $x)
        (i64.shl (i64.extend_i32_u (local.get $by)) (i64.const 52)))
      (i64.const 0x0010000000000000)))
  (func (export "high") (param $x i64) (param $y i64) (result i32)
    (i32.add
      (i32.wrap_i64 (i64.shr_u (local.get $x) (i64.const 32)))
      (i32.wrap_i64 (i64.shr_u (i64.xor (local.get $x) (local.get $y)) (i64.const 32)))))
  (func (export "below") (param $x i64) (result i32)
    (i64.lt_u (local.get $x) (i64.const 0x0010000000000000)))
  (func (export "above") (param $x i64) (result i32)
    (i64.gt_s (local.get $x) (i64.const 0xffffffff)))
  ;; Below 32 is what the shift would make of the amount itself.
  (func (export "funnel") (param $x i32) (param $y i32) (param $n i32) (result i32)
    (local.set $n (i32.and (local.get $n) (i32.const 31)))
    (i32.or
      (i32.shr_u (local.get $x) (local.get $n))
      (i32.shl
        (i32.shl (local.get $y) (i32.const 1))
        (i32.xor (local.get $n) (i32.const 31)))))
  (func (export "divide") (param $x i32) (param $y i32) (result i32)
    (i32.div_u (local.get $x) (i32.or (local.get $y) (i32.const 0x00800000)))))
