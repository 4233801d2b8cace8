;; Horner's scheme, with all coefficients first.
(module
  (memory 1 1)
  (func (export "polynomial") (param $x i32) (result i32)
    i32.const 0
    i32.load
    i32.const 4
    i32.load
    i32.const 8
    i32.load
    i32.const 12
    i32.load
    local.get $x
    i32.mul
    i32.add
    local.get $x
    i32.mul
    i32.add
    local.get $x
    i32.mul
    i32.add))
