;; The module that replaces the one that never comes back: it computes, and traps when asked to divide by 0.
(module
  (func (export "run") (param $rounds i32) (param $divisor i32) (result i32)
    (local $sum f32)
    (loop $round
      (local.set $sum (f32.add
        (f32.mul (local.get $sum) (f32.const 0.5)) (f32.const 3)))
      (br_if $round (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (i32.div_u (i32.trunc_f32_s (f32.mul (local.get $sum) (f32.const 1000))) (local.get $divisor))))
