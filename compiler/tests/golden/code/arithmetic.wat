;; Operands folded into one instruction: shifted registers, immediates, multiply-accumulate.
(module
  (func (export "shifted") (param i32 i32) (result i32)
    (i32.add (local.get 0) (i32.shl (local.get 1) (i32.const 3))))
  (func (export "reversed") (param i32 i32) (result i32)
    (i32.sub (i32.shr_u (local.get 0) (i32.const 5)) (local.get 1)))
  (func (export "accumulate") (param i32 i32 i32) (result i32)
    (i32.add (local.get 0) (i32.mul (local.get 1) (local.get 2))))
  (func (export "immediates") (param i32) (result i32)
    (i32.xor
      (i32.and (i32.add (local.get 0) (i32.const -300)) (i32.const 0xff00ff00))
      (i32.const 0x12345678)))
  (func (export "complement") (param i32 i32) (result i32)
    (i32.and (local.get 0) (i32.xor (local.get 1) (i32.const -1)))))
