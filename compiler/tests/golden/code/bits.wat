;; Shifts, rotations, bit fields, counting.
(module
  (func (export "shift") (param i32 i32) (result i32)
    (i32.shr_s (i32.shl (local.get 0) (local.get 1)) (i32.const 7)))
  (func (export "rotate") (param i32 i32) (result i32)
    (i32.rotl (i32.rotr (local.get 0) (i32.const 9)) (local.get 1)))
  (func (export "field") (param i32) (result i32)
    (i32.and (i32.shr_u (local.get 0) (i32.const 4)) (i32.const 0x3f)))
  (func (export "extend") (param i32) (result i32)
    (i32.add (i32.extend8_s (local.get 0)) (i32.extend16_s (local.get 0))))
  (func (export "count") (param i32) (result i32)
    (i32.add (i32.ctz (local.get 0)) (i32.clz (local.get 0))))
  (func (export "ones") (param i32) (result i32)
    (i32.popcnt (local.get 0))))
