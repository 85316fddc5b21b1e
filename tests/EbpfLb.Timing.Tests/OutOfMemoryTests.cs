using System.Runtime.CompilerServices;
using EbpfLb.Testing.Processes;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfLb.Timing.Tests;

/// <summary>A process of its own, as it ends: this program once more, which runs two parts of a service instead of tests.</summary>
public sealed class OutOfMemoryTests
{
    private const string Variable = "EBPFLB_TEST_OUT_OF_MEMORY";

    /// <summary>128 + SIGABRT.</summary>
    private const int Aborted = 134;

    [Fact]
    public void A_pair_of_parts_of_which_one_has_no_memory_ends_the_process_with_a_message()
    {
        using var child = ChildProcess.Start(
            new ProcessPlace(null, null), ["/bin/sh", "-c", "ulimit -c 0; exec \"$0\"", Environment.ProcessPath!],
            new Dictionary<string, string> { [Variable] = "1" });

        Assert.Equal(Aborted, child.WaitForExit());
        Assert.Contains("out of memory: part=pair watch", child.Output, StringComparison.Ordinal);
        Assert.Contains(nameof(OutOfMemoryException), child.Output, StringComparison.Ordinal);
    }

    /// <summary>On this thread alone: others wait until the initializer of the module is done.</summary>
    [ModuleInitializer]
    internal static void RunPair()
    {
        if (Environment.GetEnvironmentVariable(Variable) is null) return;
        // As a service of two parts: the other one waits for ever, and so does who waits for both.
#pragma warning disable CA2201, MA0012 // What the runtime throws is what is tried.
        Task.WhenAll(
            RunAsync("pair refresh", token => TimeProvider.System.DelayAsync(Timeout.InfiniteTimeSpan, token)),
            RunAsync("pair watch", _ => throw new OutOfMemoryException("a test"))).GetAwaiter().GetResult();
#pragma warning restore CA2201, MA0012
        Environment.Exit(0);
    }

    private static Task RunAsync(string name, Func<CancellationToken, Task> run)
        => new SupervisedLoop(name, run, TimeProvider.System, NullLogger.Instance).RunAsync(CancellationToken.None);
}
