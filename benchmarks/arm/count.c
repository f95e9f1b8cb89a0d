// A plugin of qemu-user (QEMU_PLUGIN_VERSION 1) that prints how many instructions a program has executed.
// Debian has no header for plugins: the declarations are those of QEMU's documentation of its interface.

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

struct qemu_plugin_tb;
typedef void (*TranslationCallback)(uint64_t plugin, struct qemu_plugin_tb* block);
typedef void (*ExitCallback)(uint64_t plugin, void* data);
enum { kAdd = 0 };  // QEMU_PLUGIN_INLINE_ADD_U64

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t plugin, TranslationCallback callback);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb* block, int operation, void* counter,
                                              uint64_t amount);
void qemu_plugin_register_atexit_cb(uint64_t plugin, ExitCallback callback, void* data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb* block);

int qemu_plugin_version = 1;
static uint64_t executed;

static void Translated(uint64_t plugin, struct qemu_plugin_tb* block) {
  (void)plugin;
  qemu_plugin_register_vcpu_tb_exec_inline(block, kAdd, &executed, qemu_plugin_tb_n_insns(block));
}

static void Exit(uint64_t plugin, void* data) {
  (void)plugin;
  (void)data;
  printf("%" PRIu64 "\n", executed);
  fflush(stdout);
}

int qemu_plugin_install(uint64_t plugin, const void* info, int argc, char** argv) {
  (void)info;
  (void)argc;
  (void)argv;
  qemu_plugin_register_vcpu_tb_trans_cb(plugin, Translated);
  qemu_plugin_register_atexit_cb(plugin, Exit, NULL);
  return 0;
}
