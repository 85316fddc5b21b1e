namespace EbpfLb.Testing.Probes;

/// <summary>UDP clients of one probe that run while the test does something to the dataplane.</summary>
public sealed class Swarm
{
    private readonly NetProbe probe;
    private readonly string id;

    internal Swarm(NetProbe probe, string id, int count)
    {
        this.probe = probe;
        this.id = id;
        Count = count;
    }

    public int Count { get; }

    /// <summary>What they saw so far, for messages.</summary>
    public string Report => probe.Do($"swarm-stats id={id}").Line;

    /// <summary>Sockets that are connected.</summary>
    public long Connected => probe.Do($"swarm-stats id={id}").Number("connected");

    /// <summary>Times that a socket was told that it was ended.</summary>
    public long Aborted => probe.Do($"swarm-stats id={id}").Number("aborted");

    /// <summary>Answers that came from another backend than the one before, where the socket was not ended.</summary>
    public long Moved => probe.Do($"swarm-stats id={id}").Number("moved");

    /// <summary>Sockets that had no answer yet.</summary>
    public long Silent => probe.Do($"swarm-stats id={id}").Number("silent");

    /// <summary>All of them have their last answer from that backend.</summary>
    public bool IsServedBy(string name)
        => probe.Do($"swarm-stats id={id}")[$"by:{name}"] == Count.ToString(System.Globalization.CultureInfo.InvariantCulture);

    public void Stop() => probe.Do($"swarm-stop id={id}");
}
