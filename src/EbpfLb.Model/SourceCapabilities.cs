namespace EbpfLb.Model;

/// <summary>What a source can do beyond telling the cluster's state; null or false: it cannot.</summary>
public sealed record SourceCapabilities
{
    public static readonly SourceCapabilities None = new();

    /// <summary>The own Node object is read, so that its absence means that it was deleted.</summary>
    public bool HasNodes { get; init; }

    public IEventWriter? Events { get; init; }

    public IVerifiableSource? Verification { get; init; }

    /// <summary>Requests to API servers so far, by outcome.</summary>
    public Func<IEnumerable<ServerRequests>>? Requests { get; init; }
}

/// <summary>Requests to one API server that had one outcome.</summary>
/// <param name="Code">HTTP status, or a word when no answer came.</param>
public sealed record ServerRequests(string Code, string Method, string Host, long Count);
