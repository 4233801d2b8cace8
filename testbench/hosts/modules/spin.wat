;; A module that never comes back: floats in registers and stores to memory, for ever.
(module
  (memory (export "memory") 64 (pagesize 1))
  (func (export "run") (result i32)
    (local $sum f32) (local $round i32)
    (loop $for_ever
      (local.set $sum (f32.add
        (f32.mul (local.get $sum) (f32.const 0.5)) (f32.const 3)))
      (local.set $round (i32.add (local.get $round) (i32.const 1)))
      (f32.store (i32.const 0) (local.get $sum))
      (i32.store (i32.const 4) (local.get $round))
      (br $for_ever))
    (i32.const 0)))
