@ A module by hand: what the contract asks of text, and functions that do one thing each.
        .syntax unified
        .thumb
        .cpu    cortex-m33
        .fpu    fpv5-sp-d16

        .equ    MEMORY_BASE, 0
        .equ    MEMORY_SIZE, 4
        .equ    STACK_LIMIT, 12
        .equ    ENTRY_SP, 16
        .equ    TRAP_SITE, 20
        .equ    HOST_TRAP, 24
        .equ    IMPORTS, 32
        .equ    GLOBAL, 48

@ r0 context, r1 words, r2 code, r3 stack
        .macro  entry name, params, results
\name:  push    {r3-r11, lr}
        mov     r10, r0
        ldr     r11, [r10, #MEMORY_BASE]
        mov     r4, r1
        ldr     r5, [r10, #STACK_LIMIT]
        sub     r6, sp, r3
        cmp     r6, r5
        blo     exhausted
        str     sp, [r10, #ENTRY_SP]
        mov     r12, r2
        .if     \params > 0
        ldr     r0, [r4]
        .endif
        .if     \params > 1
        ldr     r1, [r4, #4]
        .endif
        blx     r12
        .if     \results > 0
        str     r0, [r4]
        .endif
        .if     \results > 1
        str     r1, [r4, #4]
        .endif
        movs    r0, #0
        b       leave
        .endm

        entry   entry_0_0, 0, 0
        entry   entry_0_2, 0, 2
        entry   entry_2_1, 2, 1

exhausted:
        movs    r0, #10
leave:  movs    r1, #0
        str     r1, [r10, #ENTRY_SP]
        pop     {r3-r11, pc}

trap_unreachable:
        movs    r0, #1
        b       trap
trap_bounds:
        movs    r0, #2
trap:   str     lr, [r10, #TRAP_SITE]
        ldr     sp, [r10, #ENTRY_SP]
        b       leave
trap_host:
        ldr     r0, [r10, #HOST_TRAP]
        b       trap

@ A defined function; the word in front is its signature's number.
        .macro  function name
        .balign 4
        .word   0
func_\name:
        .endm

        .macro  host slot
        mov     r0, r10
        ldr     r12, [r10, #IMPORTS + 4 * \slot]
        blx     r12
        ldr     r12, [r10, #HOST_TRAP]
        cmp     r12, #0
        bne     9f
        .endm

        function add
        add     r0, r0, r1
        bx      lr

        function trap
        nop
        bl      trap_unreachable
trap_site:

        function store          @ address, word -> 0
        ldr     r2, [r10, #MEMORY_SIZE]
        subs    r2, #4
        cmp     r0, r2
        bhi     1f
        str     r1, [r11, r0]
        movs    r0, #0
        bx      lr
1:      bl      trap_bounds

        function count          @ adds to the global
        ldr     r0, [r10, #GLOBAL]
        adds    r0, #1
        str     r0, [r10, #GLOBAL]
        bx      lr

        function mul            @ a, b -> env.mul(a, b)
        push    {r4, lr}
        mov     r2, r1
        mov     r1, r0
        host    0
        pop     {r4, pc}
9:      bl      trap_host

        function many           @ -> env.many(1, 2, 3, 4, 5 << 32 | 6, 7 << 32 | 8)
        push    {r4, lr}
        movs    r0, #8
        movs    r1, #7
        push    {r0, r1}
        movs    r0, #6
        movs    r1, #5
        push    {r0, r1}
        movs    r0, #4
        push    {r0, r1}
        movs    r1, #1
        movs    r2, #2
        movs    r3, #3
        host    1
        add     sp, #24
        pop     {r4, pc}
9:      bl      trap_host

        function scale          @ f32, f32 -> env.scale(a, b as the upper half of an f64)
        push    {r4, lr}
        vmov    s0, r0
        movs    r2, #0
        vmov    s2, r2
        vmov    s3, r1
        host    2
        vmov    r0, s0
        pop     {r4, pc}
9:      bl      trap_host

        function undefined
        nop
undefined_site:
        udf     #0

        function wild
        mvn     r0, #0xff
wild_site:
        ldr     r0, [r0]
        bx      lr

        function nowhere
        mvn     r0, #0x0fffffff
        bx      r0

        function overflow       @ no check of the stack
        push    {r0-r7, lr}
        bl      func_overflow
        pop     {r0-r7, pc}

        function endless
        b       .

functions_end:
