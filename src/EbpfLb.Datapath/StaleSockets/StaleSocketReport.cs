namespace EbpfLb.Datapath.StaleSockets;

/// <summary>Sockets of one kind in one pass.</summary>
/// <param name="Found">To be ended when the pass began; null: not looked for, or not known: this kernel cannot find them, or something
/// failed.</param>
/// <param name="Ended">Of those.</param>
public readonly record struct SocketCount(int? Found, int Ended)
{
    /// <summary>Looked for, and there was none.</summary>
    public static SocketCount None { get; } = new(0, 0);

    /// <summary>Not looked for, or not known.</summary>
    public static SocketCount Unknown { get; }

    /// <summary>What is not known of a part is not known of the whole.</summary>
    public static SocketCount operator +(SocketCount left, SocketCount right) => new(left.Found + right.Found, left.Ended + right.Ended);
}

/// <summary>What one pass over the sockets of all network namespaces found and did.</summary>
/// <param name="Udp">Connected to a backend that is gone.</param>
/// <param name="Tcp">The same.</param>
/// <param name="Untranslated">UDP sockets that were connected to a frontend before it was one.</param>
/// <param name="Error">What the kernel refused; null: nothing.</param>
public sealed record StaleSocketReport(SocketCount Udp, SocketCount Tcp, SocketCount Untranslated, string? Error)
{
    /// <summary>How many are known to have been there.</summary>
    public int Found => (Udp.Found ?? 0) + (Tcp.Found ?? 0) + (Untranslated.Found ?? 0);

    public int Ended => Udp.Ended + Tcp.Ended + Untranslated.Ended;

    /// <summary>Of two network namespaces; the first error stands.</summary>
    public static StaleSocketReport operator +(StaleSocketReport left, StaleSocketReport right)
        => new(left.Udp + right.Udp, left.Tcp + right.Tcp, left.Untranslated + right.Untranslated, left.Error ?? right.Error);

    /// <summary>A pass that found nothing.</summary>
    /// <param name="tcp">TCP was looked at.</param>
    /// <param name="untranslated">Untranslated sockets were looked for.</param>
    public static StaleSocketReport Nothing(bool tcp, bool untranslated)
        => new(SocketCount.None, tcp ? SocketCount.None : SocketCount.Unknown, untranslated ? SocketCount.None : SocketCount.Unknown, null);
}
