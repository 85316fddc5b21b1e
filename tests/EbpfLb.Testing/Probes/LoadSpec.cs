namespace EbpfLb.Testing.Probes;

public enum LoadMode
{
    /// <summary>connect, getpeername, request, answer, close.</summary>
    Tcp,

    /// <summary>A new unconnected socket a datagram: sendto, recvfrom, source compared.</summary>
    Udp,

    /// <summary>A new connected socket a datagram: connect, getpeername, send, recv, source compared.</summary>
    UdpConnected,

    /// <summary>One unconnected socket for all datagrams.</summary>
    UdpShared,
}

/// <summary>Requests one after another.</summary>
/// <param name="To">"10.96.0.1:80" or "[fd00::1]:80"; "ADDRESS:PORT=SUFFIX" counts answers whose name ends otherwise as foreign.</param>
public sealed record LoadSpec(LoadMode Mode, params IReadOnlyList<string> To)
{
    public long? Count { get; init; }

    /// <summary>Requests a second and thread; as fast as it goes when null.</summary>
    public int? Rate { get; init; }

    public int Threads { get; init; } = 1;

    /// <summary>Source address to bind to.</summary>
    public string? From { get; init; }

    /// <summary>IPv4 through an IPv6 socket (::ffff:a.b.c.d).</summary>
    public bool Mapped { get; init; }

    /// <summary>Size of a datagram; what it takes unless given. Answers are compared byte by byte.</summary>
    public int? Bytes { get; init; }

    /// <summary>Limit of each blocking call.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    internal string Command(string? background)
    {
        var mode = Mode switch
        {
            LoadMode.Tcp => "tcp",
            LoadMode.Udp => "udp",
            LoadMode.UdpConnected => "udp-connected",
            _ => "udp-shared",
        };
        var words = new List<string>
        {
            "load", $"mode={mode}", $"to={string.Join(',', To)}", $"threads={Threads}", $"timeout={(long)Timeout.TotalMilliseconds}",
        };
        if (Count is { } count)
            words.Add($"count={count}");
        if (Rate is { } rate)
            words.Add($"rate={rate}");
        if (From is not null)
            words.Add($"from={From}");
        if (Bytes is { } bytes)
            words.Add($"bytes={bytes}");
        if (Mapped)
            words.Add("mapped=1");
        if (background is not null)
            words.Add($"background={background}");
        return string.Join(' ', words);
    }
}
