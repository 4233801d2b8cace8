;; Where code looks at the interrupt word: loops that may go on for long, one look for two loops of
;; which the inner one is always entered, and functions that may call themselves. Not in loops that end
;; soon: counted ones, walks through the memory, shifts.
(module
  (memory 1 1)
  (func (export "spin") (loop (br 0)))
  (func (export "nested") (param $n i32) (param $m i32) (local $i i32)
    (loop
      (local.set $i (local.get $m))
      (loop
        (br_if 0 (local.tee $i (i32.sub (local.get $i) (i32.const 3)))))
      (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "sum") (param $p i32) (param $end i32) (result i32) (local $sum i32)
    (loop
      (local.set $sum (i32.add (local.get $sum) (i32.load8_u (local.get $p))))
      (br_if 0 (i32.ne (local.get $end)
        (local.tee $p (i32.add (local.get $p) (i32.const 1))))))
    (local.get $sum))
  (func (export "length") (param $n i32) (result i32) (local $bits i32)
    (loop
      (local.set $bits (i32.add (local.get $bits) (i32.const 1)))
      (br_if 0 (local.tee $n (i32.shr_u (local.get $n) (i32.const 1)))))
    (local.get $bits))
  (func $even (export "even") (param $n i32) (result i32)
    (if (result i32) (local.get $n)
      (then (return_call $odd (i32.sub (local.get $n) (i32.const 1))))
      (else (i32.const 1))))
  (func $odd (param $n i32) (result i32)
    (if (result i32) (local.get $n)
      (then (return_call $even (i32.sub (local.get $n) (i32.const 1))))
      (else (i32.const 0)))))
