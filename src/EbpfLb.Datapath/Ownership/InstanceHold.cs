using EbpfLb.Bpf;
using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Options;
using EbpfLb.Model;

namespace EbpfLb.Datapath.Ownership;

/// <summary>Whether the instance is this process's, asked before anything is written. Thread-safe.</summary>
/// <param name="ownership">Held for as long as this is written to; null: the caller sees to it.</param>
internal sealed class InstanceHold(InstancePaths paths, InstanceOwnership? ownership, SocketAttacher sockets, LoadedProgram loaded)
{
    private volatile bool isInForce;
    private volatile string? lost;

    /// <summary>The programs of this process have been put in force.</summary>
    public bool IsInForce => isInForce;

    /// <summary>Why the instance is another's now; null: it is ours, as far as is known. Once it is not, it never is again.</summary>
    public string? Lost => lost;

    public string? Check() => lost ??= ownership?.Check();

    /// <exception cref="BpfException">Another agent has taken the instance over.</exception>
    public void Require()
    {
        Check();
        if (lost is null && isInForce && sockets.FindForeign(name => loaded[name]) is { } foreign)
        {
            lost = $"another agent has taken instance '{paths.Instance}' over: the link {foreign}; "
                + "its maps may be others too, so this agent leaves everything alone. "
                + $"Stop one of the two and restart the other, or give one of them another {OptionNames.Instance}";
        }
        if (lost is { } reason) throw new BpfException(Errno.EBUSY, "keep", paths.Root, reason);
    }

    public void RecordInForce() => isInForce = true;
}
