using System.Runtime.InteropServices;
using EbpfLb.Planning.Applying;
using EbpfLb.Timing;

namespace EbpfLb.Datapath.Applying;

/// <summary>
/// Waits until every program that could still hold an old map value has ended: membarrier(MEMBARRIER_CMD_GLOBAL) is
/// synchronize_rcu (kernel/sched/membarrier.c), and programs run inside RCU read sections.
/// </summary>
internal sealed partial class KernelGracePeriod : IGracePeriod
{
    private const long SYS_MEMBARRIER_X64 = 324;
    private const long SYS_MEMBARRIER_ARM64 = 283;
    private const int CommandGlobal = 1;

    /// <summary>Where membarrier is refused (nohz_full kernels): far longer than any program runs.</summary>
    private static readonly TimeSpan LongerThanAnyProgram = TimeSpan.FromSeconds(1);

    /// <summary>Ends after one grace period, however long the slowest CPU takes.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        // The system call blocks: it belongs on a thread, and never on the path of an update.
        var refused = await Task.Run(() => Syscall(Number, CommandGlobal, 0, 0) != 0, cancellationToken);
        if (refused) await TimeProvider.System.DelayAsync(LongerThanAnyProgram, cancellationToken);
    }

    private static long Number => RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? SYS_MEMBARRIER_ARM64 : SYS_MEMBARRIER_X64;

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial long Syscall(long number, int command, int flags, int cpu);
}
