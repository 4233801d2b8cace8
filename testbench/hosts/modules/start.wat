;; A start function that traps.
(module
  (start $start)
  (func $start unreachable))
