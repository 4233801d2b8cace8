;; What loops need not compute anew: addresses, constants, and comparisons with zero.
(module
  (memory (export "memory") 1 1)

  ;; A pointer for several fields of an element, none for the index.
  (func $fields (export "fields") (result i32)
    (local $i i32) (local $sum i32)
    (local.set $i (i32.const -64))
    (loop $next
      (local.set $sum
        (i32.add
          (i32.add (local.get $sum)
                   (i32.load16_s (i32.and (i32.add (local.get $i) (i32.const 5000)) (i32.const 0x7ffe))))
          (i32.load8_u offset=3 (i32.and (local.get $sum) (i32.const 0xff)))))
      (br_if $next (local.tee $i (i32.add (local.get $i) (i32.const 4)))))
    (local.get $sum))

  ;; The address of a table stands before the loop, and the index is shifted in the access.
  (func $table (export "table") (param $word i32) (param $rounds i32) (result i32)
    (loop $next
      (local.set $word
        (i32.xor
          (i32.shr_u (local.get $word) (i32.const 8))
          (i32.load offset=9216 (i32.shl (i32.and (local.get $word) (i32.const 255)) (i32.const 2)))))
      (br_if $next (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (local.get $word))

  ;; A constant of two instructions is made once.
  (func $hash (export "hash") (param $word i32) (param $rounds i32) (result i32)
    (loop $next
      (local.set $word
        (i32.mul (i32.xor (local.get $word) (local.get $rounds)) (i32.const 0x9e3779b1)))
      (br_if $next (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (local.get $word))

  ;; Variables beyond the reach of the memory's base share an address; without a loop as well.
  (func $variables (export "variables")
    (i32.store (i32.const 5000) (i32.add (i32.load (i32.const 5000)) (i32.load (i32.const 5004)))))

  ;; Leaves of a sum are loaded where they are added.
  (func $leaves (export "leaves") (result i32)
    (i32.add (i32.mul (i32.load (i32.const 0)) (i32.load (i32.const 4)))
      (i32.add (i32.mul (i32.load (i32.const 8)) (i32.load (i32.const 12)))
        (i32.mul (i32.load (i32.const 16)) (i32.load (i32.const 20))))))
)
