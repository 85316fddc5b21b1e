namespace EbpfLb.Testing.Probes;

/// <summary>One socket inside a netprobe.</summary>
public sealed class ProbeSocket
{
    private readonly NetProbe probe;
    private readonly string id;
    private readonly string options;

    internal ProbeSocket(NetProbe probe, string id, string options)
    {
        this.probe = probe;
        this.id = id;
        this.options = options;
    }

    public ProbeAnswer Connect(string to) => probe.Ask($"connect id={id} to={to} {options}");

    /// <summary>Address that getpeername() gives.</summary>
    public string Peer => probe.Do($"peer id={id}")["address"];

    /// <summary>Address that getsockname() gives.</summary>
    public string Local => probe.Do($"local id={id}")["address"];

    /// <summary>A request over a connected TCP socket; "name" of the answer says who answered.</summary>
    public ProbeAnswer Request() => probe.Ask($"request id={id}");

    /// <summary>A datagram; to where the socket is connected when <paramref name="to"/> is null.</summary>
    public ProbeAnswer Send(int number, string? to = null) =>
        probe.Ask($"send id={id} number={number} {(to is null ? "" : $"to={to} {options}")}");

    /// <summary>The answer to a datagram: "name" and the "address" it came from.</summary>
    public ProbeAnswer Receive(int number) => probe.Ask($"receive id={id} number={number}");

    public void Close() => probe.Do($"close id={id}");
}
