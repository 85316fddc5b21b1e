using System.Security.Cryptography.X509Certificates;

namespace EbpfLb.Testing.ApiServer;

/// <summary>What a server makes of a watch that asks for the collection first (KEP-3157).</summary>
public enum StreamingListSupport
{
    /// <summary>422: servers from 1.19 on that have no such watches, or have them switched off.</summary>
    Refused,

    /// <summary>
    /// Accepted, and the end of the collection never told: something between that drops options, or a server before 1.19.
    /// </summary>
    Ignored,

    /// <summary>By default since 1.34.</summary>
    Supported,
}

/// <summary>What kind of API server to pretend to be.</summary>
public sealed record FakeApiServerOptions
{
    /// <summary>TLS with this certificate; null serves plain HTTP/1.1.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>Certificates between <see cref="Certificate"/> and a root, which are sent with it.</summary>
    public X509Certificate2Collection CertificateChain { get; init; } = [];

    public StreamingListSupport StreamingLists { get; init; }

    /// <summary>Who issues the client certificates that are accepted; null accepts none.</summary>
    public FakeAuthority? ClientAuthority { get; init; }

    /// <summary>Offer HTTP/2 by ALPN, as real servers do.</summary>
    public bool Http2 { get; init; } = true;

    /// <summary>Before 1.31 servers refuse the field selector spec.clusterIP.</summary>
    public bool KnowsClusterIPField { get; init; } = true;

    /// <summary>Servers before 1.33 do not have that collection.</summary>
    public bool HasServiceCidrs { get; init; }

    /// <summary>0 takes a free port.</summary>
    public int Port { get; init; }

    /// <summary>Path of the network namespace to listen in; null: that of the process.</summary>
    public string? Netns { get; init; }

    /// <summary>Bodies longer than this are compressed for clients that accept it (a real server's is 128 KiB).</summary>
    public int GzipFrom { get; init; } = 128 * 1024;

    /// <summary>
    /// Bookmarks by themselves; real servers send one about every minute. null: only <see cref="FakeApiServer.SendBookmarks"/>.
    /// </summary>
    public TimeSpan? BookmarkInterval { get; init; }
}
