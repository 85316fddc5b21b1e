using EbpfLb.Native;
using EbpfLb.Planning.Apply;
using EbpfLb.Timing;

namespace EbpfLb.Datapath.Services;

/// <summary>
/// Waits until every program that could still hold an old map value has ended: membarrier(MEMBARRIER_CMD_GLOBAL) is
/// synchronize_rcu (kernel/sched/membarrier.c), and programs run inside RCU read sections.
/// </summary>
internal sealed class KernelGracePeriod : IGracePeriod
{
    private const int CommandGlobal = 1;

    /// <summary>Where membarrier is refused (nohz_full kernels): far longer than any program runs.</summary>
    private static readonly TimeSpan LongerThanAnyProgram = TimeSpan.FromSeconds(1);

    /// <summary>Ends after one grace period, however long the slowest CPU takes.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        // The system call blocks: it belongs on a thread, and never on the path of an update.
        var refused = await Task.Run(() => LibC.membarrier(CommandGlobal) != 0, cancellationToken);
        if (refused) await TimeProvider.System.DelayAsync(LongerThanAnyProgram, cancellationToken);
    }
}
