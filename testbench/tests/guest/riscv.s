# The module by hand again, for RV32. With HARD_FLOAT, floats reach host functions in fa0 to fa7.
        .option norelax
        .ifdef  HARD_FLOAT
        .option arch, +f
        .endif

        .equ    MEMORY_BASE, 0
        .equ    MEMORY_SIZE, 4
        .equ    STACK_LIMIT, 12
        .equ    ENTRY_SP, 16
        .equ    TRAP_SITE, 20
        .equ    HOST_TRAP, 24
        .equ    IMPORTS, 32
        .equ    GLOBAL, 48

# a0 context, a1 words, a2 code, a3 stack; s11 context, s10 base of the memory
        .macro  entry name, params, results
\name:  lw      t0, STACK_LIMIT(a0)
        add     t0, t0, a3
        bltu    sp, t0, exhausted
        addi    sp, sp, -16
        sw      ra, 12(sp)
        sw      s0, 8(sp)
        sw      s10, 4(sp)
        sw      s11, 0(sp)
        mv      s11, a0
        lw      s10, MEMORY_BASE(s11)
        mv      s0, a1
        sw      sp, ENTRY_SP(s11)
        mv      t1, a2
        .if     \params > 0
        lw      a0, 0(s0)
        .endif
        .if     \params > 1
        lw      a1, 4(s0)
        .endif
        jalr    t1
        .if     \results > 0
        sw      a0, 0(s0)
        .endif
        .if     \results > 1
        sw      a1, 4(s0)
        .endif
        li      a0, 0
        j       leave
        .endm

exhausted:
        li      a0, 10
        ret
leave:  sw      zero, ENTRY_SP(s11)
        lw      s11, 0(sp)
        lw      s10, 4(sp)
        lw      s0, 8(sp)
        lw      ra, 12(sp)
        addi    sp, sp, 16
        ret

trap_unreachable:
        li      a0, 1
        j       trap
trap_bounds:
        li      a0, 2
trap:   sw      ra, TRAP_SITE(s11)
        lw      sp, ENTRY_SP(s11)
        j       leave
trap_host:
        lw      a0, HOST_TRAP(s11)
        j       trap

# Not first in the text, since 0 means no code.
        entry   entry_0_0, 0, 0
        entry   entry_0_2, 0, 2
        entry   entry_2_1, 2, 1

# A defined function; the word in front is its signature's number.
        .macro  function name
        .balign 4
        .word   0
func_\name:
        .endm

        .macro  host slot
        mv      a0, s11
        lw      t0, IMPORTS + 4 * \slot(s11)
        jalr    t0
        lw      t0, HOST_TRAP(s11)
        bnez    t0, 9f
        .endm

        function add
        add     a0, a0, a1
        ret

        function trap
        nop
        jal     trap_unreachable
trap_site:

        function store          # address, word -> 0
        lw      a2, MEMORY_SIZE(s11)
        addi    a2, a2, -4
        bgtu    a0, a2, 1f
        add     a0, a0, s10
        sw      a1, 0(a0)
        li      a0, 0
        ret
1:      jal     trap_bounds

        function count          # adds to the global
        lw      a0, GLOBAL(s11)
        addi    a0, a0, 1
        sw      a0, GLOBAL(s11)
        ret

        function mul            # a, b -> env.mul(a, b)
        addi    sp, sp, -16
        sw      ra, 12(sp)
        mv      a2, a1
        mv      a1, a0
        host    0
        lw      ra, 12(sp)
        addi    sp, sp, 16
        ret
9:      jal     trap_host

        function many           # -> env.many(1, 2, 3, 4, 5 << 32 | 6, 7 << 32 | 8)
        addi    sp, sp, -16
        sw      ra, 12(sp)
        li      a1, 1
        li      a2, 2
        li      a3, 3
        li      a4, 4
        li      a5, 6
        li      a6, 5
        li      a7, 8
        li      t0, 7
        sw      t0, 0(sp)
        host    1
        lw      ra, 12(sp)
        addi    sp, sp, 16
        ret
9:      jal     trap_host

        function scale          # f32, f32 -> env.scale(a, b as the upper half of an f64)
        addi    sp, sp, -16
        sw      ra, 12(sp)
        .ifdef  HARD_FLOAT
        fmv.w.x fa0, a0
        mv      a2, a1
        li      a1, 0
        .else
        mv      a3, a1
        li      a2, 0
        mv      a1, a0
        .endif
        host    2
        .ifdef  HARD_FLOAT
        fmv.x.w a0, fa0
        .endif
        lw      ra, 12(sp)
        addi    sp, sp, 16
        ret
9:      jal     trap_host

        function undefined
        nop
undefined_site:
        unimp

        function wild
        li      a0, 0xffffff00
wild_site:
        lw      a0, 0(a0)
        ret

        function nowhere
        li      a0, 0xf0000000
        jr      a0

        function overflow       # no check of the stack
        addi    sp, sp, -48
        sw      ra, 44(sp)
        sw      a0, 0(sp)
        jal     func_overflow
        lw      ra, 44(sp)
        addi    sp, sp, 48
        ret

        function endless
        j       .

functions_end:
