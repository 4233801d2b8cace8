// Ibex in its "small" configuration: RV32IMC, two stages, multiplier of three cycles, no branch
// target ALU, no writeback stage, no instruction cache. The register file is outside of `ibex_core`.
// The bus ports are those of `main.cpp`; what is not needed to run code is tied off.

module prim_buf #(
  parameter int Width = 1
) (
  input  logic [Width-1:0] in_i,
  output logic [Width-1:0] out_o
);
  assign out_o = in_i;
endmodule

module bench
  import ibex_pkg::*;
(
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
  logic [31:0] registers[32];
  logic [4:0] read_a, read_b, written;
  logic        write;
  logic [31:0] value;

  always_ff @(posedge clk) begin
    if (write && written != 0) registers[written] <= value;
  end

  logic [IC_TAG_SIZE-1:0] no_tags[IC_NUM_WAYS];
  logic [IC_LINE_SIZE-1:0] no_lines[IC_NUM_WAYS];

  always_comb begin
    for (int way = 0; way < IC_NUM_WAYS; way++) begin
      no_tags[way]  = '0;
      no_lines[way] = '0;
    end
  end

  ibex_core #(
    .RV32M(RV32MFast),
    .TagSizeECC(IC_TAG_SIZE),
    .LineSizeECC(IC_LINE_SIZE)
  ) core (
    .clk_i(clk),
    .rst_ni(rst_n),
    .hart_id_i('0),
    .boot_addr_i(boot),

    .instr_req_o(fetch_request),
    .instr_gnt_i(fetch_request),
    .instr_rvalid_i(fetch_valid),
    .instr_addr_o(fetch_address),
    .instr_rdata_i(fetch_data),
    .instr_err_i(1'b0),

    .data_req_o(data_request),
    .data_gnt_i(data_request),
    .data_rvalid_i(data_valid),
    .data_we_o(data_write),
    .data_be_o(data_bytes),
    .data_addr_o(data_address),
    .data_wdata_o(data_out),
    .data_rdata_i(data_in),
    .data_err_i(1'b0),

    .dummy_instr_id_o(),
    .dummy_instr_wb_o(),
    .rf_raddr_a_o(read_a),
    .rf_raddr_b_o(read_b),
    .rf_waddr_wb_o(written),
    .rf_we_wb_o(write),
    .rf_wdata_wb_ecc_o(value),
    .rf_rdata_a_ecc_i(read_a == 0 ? 32'h0 : registers[read_a]),
    .rf_rdata_b_ecc_i(read_b == 0 ? 32'h0 : registers[read_b]),

    .ic_tag_req_o(),
    .ic_tag_write_o(),
    .ic_tag_addr_o(),
    .ic_tag_wdata_o(),
    .ic_tag_rdata_i(no_tags),
    .ic_data_req_o(),
    .ic_data_write_o(),
    .ic_data_addr_o(),
    .ic_data_wdata_o(),
    .ic_data_rdata_i(no_lines),
    .ic_scr_key_valid_i(1'b1),
    .ic_scr_key_req_o(),

    .irq_software_i(1'b0),
    .irq_timer_i(1'b0),
    .irq_external_i(1'b0),
    .irq_fast_i('0),
    .irq_nm_i(1'b0),
    .irq_pending_o(),
    .debug_req_i(1'b0),
    .crash_dump_o(),
    .double_fault_seen_o(),
    .fetch_enable_i(IbexMuBiOn),
    .alert_minor_o(),
    .alert_major_internal_o(),
    .alert_major_bus_o(),
    .core_busy_o()
  );
endmodule
