;; What the guard pass proves, and what it must leave alone.
(module
  (memory 1)
  ;; A later, weaker check of the same index follows from the first.
  (func $weaker (param $p i32) (result i32)
    (i32.add (i32.load offset=8 (local.get $p)) (i32.load offset=4 (local.get $p))))
  ;; A byte cannot reach beyond 256 words.
  (func $byte_index (param $p i32) (result i32)
    (i32.load offset=1024 (i32.shl (i32.load8_u (local.get $p)) (i32.const 2))))
  ;; The loop's condition bounds the index.
  (func $bounded (param $i i32) (result i32) (local $s i32)
    (loop $next
      (if (i32.lt_u (local.get $i) (i32.const 1000)) (then
        (local.set $s (i32.add (local.get $s) (i32.load8_u (local.get $i))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next))))
    (local.get $s))
  ;; The pointer changes in the loop: the check before it says nothing.
  (func $moved (param $p i32) (result i32) (local $s i32)
    (local.set $s (i32.load (local.get $p)))
    (loop $next
      (local.set $s (i32.add (local.get $s) (i32.load (local.get $p))))
      (br_if $next (local.tee $p (i32.add (local.get $p) (i32.const 4)))))
    (local.get $s)))
