using System.Security.Cryptography.X509Certificates;

namespace EbpfLb.Testing.ApiServer;

/// <summary>What kind of API server to pretend to be.</summary>
public sealed record FakeApiServerOptions
{
    /// <summary>TLS with this certificate; null serves plain HTTP/1.1.</summary>
    public X509Certificate2? Certificate { get; init; }

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

    /// <summary>Bookmarks by themselves; real servers send one about every minute. null: only <see cref="FakeApiServer.SendBookmarks"/>.</summary>
    public TimeSpan? BookmarkInterval { get; init; }
}
