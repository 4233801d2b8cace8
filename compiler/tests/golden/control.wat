;; Blocks with values, loops, conditionals with and without else, tables of branches.
(module
  (func $fib (export "fib") (param $n i32) (result i32)
    (if (result i32) (i32.lt_s (local.get $n) (i32.const 2))
      (then (local.get $n))
      (else
        (i32.add
          (call $fib (i32.sub (local.get $n) (i32.const 1)))
          (call $fib (i32.sub (local.get $n) (i32.const 2)))))))

  (func $sum (param $n i32) (result i32) (local $s i32)
    (loop $again
      (local.set $s (i32.add (local.get $s) (local.get $n)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $s))

  (func $clamp (param $x i32) (result i32)
    (if (i32.eqz (local.get $x)) (then (return (i32.const 7))))
    (block $big (result i32)
      (drop (br_if $big (i32.const 100) (i32.gt_u (local.get $x) (i32.const 100))))
      (local.get $x)))

  (func $switch (param $x i32) (result i32)
    (block $two (block $one (block $zero
      (br_table $zero $one $two $zero (local.get $x)))
      (return (i32.const 10)))
      (return (i32.const 11)))
    (i32.const 12))

  (func $swap (param i32 i32) (result i32 i32)
    (local.get 0) (local.get 1)
    (if (param i32 i32) (result i32 i32) (i32.lt_u (local.get 0) (local.get 1))
      (then (block (param i32 i32) (result i32 i32)))
      (else (drop) (drop) (local.get 1) (local.get 0))))

  (func $dead (result i32)
    (block $out (br $out) (if (i32.const 1) (then (nop)) (else (unreachable))))
    (loop (result i32) (unreachable))))
