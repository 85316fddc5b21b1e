using EbpfLb.Agent.Hosting;
using EbpfLb.Agent.Options;
using EbpfLb.Bpf;
using EbpfLb.Configuration.Values;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Ownership;
using EbpfLb.Model;
using EbpfLb.Timing;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Kernel;

/// <summary>Takes an instance for this process before anything of it is written, then opens it.</summary>
internal sealed class OwnedKernel(TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private InstanceOwnership? taken;

    /// <summary>
    /// Waits at most <see cref="StartOptions.OwnerWait"/> for another owner to go. What is returned lets the instance go when it is
    /// disposed.
    /// </summary>
    /// <exception cref="StartException">Another agent owns the instance; the message names it.</exception>
    public async Task<IDisposable> TakeAsync(StartOptions options, ILogger logger, CancellationToken cancellationToken)
    {
        var begin = time.GetTimestamp();
        var isLogged = false;
        while (true)
        {
            var (mine, owner) = Try(options);
            if (mine is not null)
            {
                if (mine.HasMounted) Log.BpfFsMounted(logger, mine.FileSystem.Point);
                return taken = mine;
            }
            var left = options.OwnerWait - time.GetElapsedTime(begin);
            if (left <= TimeSpan.Zero) throw new StartException(Refusal(options, owner));
            if (!isLogged) Log.OwnerWait(logger, options.Instance.Name, NameOf(owner), options.OwnerWait.TotalSeconds);
            isLogged = true;
            await time.DelayAsync(left < Pause ? left : Pause, cancellationToken);
        }
    }

    public IDataplane Open(StartOptions options, ILoggerFactory loggers) => KernelStart.Open(options, taken, loggers);

    private (InstanceOwnership? Mine, InstanceOwner? Owner) Try(StartOptions options) => KernelStart.Explained(() =>
    {
        var kernel = KernelOptions.Of(options.Instance);
        var me = InstanceOwner.OfThisProcess(kernel, Path.GetFullPath(options.Instance.RunDirectory), time.GetUtcNow());
        return (InstanceOwnership.TryTake(kernel, me, out var owner), owner);
    });

    private static string Refusal(StartOptions options, InstanceOwner? owner)
        => $"an agent of instance '{options.Instance.Name}' runs already: {NameOf(owner)}. "
            + $"Nothing was changed. Stop it first, or choose another {OptionNames.Instance}; "
            + (options.OwnerWait > TimeSpan.Zero ? $"it did not end within {OptionNames.OwnerWait} {DurationText.Format(options.OwnerWait)}"
                : $"with {OptionNames.OwnerWait} TIME this one waits for it to end");

    private static string NameOf(InstanceOwner? owner) => owner?.ToString() ?? "a process that cannot be named without CAP_SYS_ADMIN";
}
