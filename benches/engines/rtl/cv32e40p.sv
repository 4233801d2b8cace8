// CV32E40P as OpenHW configures it by default: RV32IMC, four stages, no PULP extensions, no FPU.
// The bus ports are those of `main.cpp`; what is not needed to run code is tied off.

// The core never sleeps here.
module cv32e40p_clock_gate (
  input  logic clk_i,
  input  logic en_i,
  input  logic scan_cg_en_i,
  output logic clk_o
);
  assign clk_o = clk_i;
endmodule

module bench (
  input  logic        clk,
  input  logic        rst_n,
  input  logic [31:0] boot,
  output logic        fetch_request,
  output logic [31:0] fetch_address,
  input  logic        fetch_valid,
  input  logic [31:0] fetch_data,
  output logic        data_request,
  output logic [31:0] data_address,
  output logic        data_write,
  output logic [ 3:0] data_bytes,
  output logic [31:0] data_out,
  input  logic        data_valid,
  input  logic [31:0] data_in
);
  cv32e40p_core #(
    .NUM_MHPMCOUNTERS(1)
  ) core (
    .clk_i(clk),
    .rst_ni(rst_n),
    .pulp_clock_en_i(1'b1),
    .scan_cg_en_i(1'b0),
    .boot_addr_i(boot | 32'h80),
    .mtvec_addr_i(boot),
    .dm_halt_addr_i('0),
    .hart_id_i('0),
    .dm_exception_addr_i('0),

    .instr_req_o(fetch_request),
    .instr_gnt_i(fetch_request),
    .instr_rvalid_i(fetch_valid),
    .instr_addr_o(fetch_address),
    .instr_rdata_i(fetch_data),

    .data_req_o(data_request),
    .data_gnt_i(data_request),
    .data_rvalid_i(data_valid),
    .data_we_o(data_write),
    .data_be_o(data_bytes),
    .data_addr_o(data_address),
    .data_wdata_o(data_out),
    .data_rdata_i(data_in),

    .apu_busy_o(),
    .apu_req_o(),
    .apu_gnt_i(1'b0),
    .apu_operands_o(),
    .apu_op_o(),
    .apu_flags_o(),
    .apu_rvalid_i(1'b0),
    .apu_result_i('0),
    .apu_flags_i('0),

    .irq_i('0),
    .irq_ack_o(),
    .irq_id_o(),
    .debug_req_i(1'b0),
    .debug_havereset_o(),
    .debug_running_o(),
    .debug_halted_o(),
    .fetch_enable_i(1'b1),
    .core_sleep_o()
  );
endmodule
