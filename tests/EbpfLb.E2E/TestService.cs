using System.Globalization;
using System.Net;
using EbpfLb.Testing.Manifests;
using EbpfLb.Testing.Probes;

namespace EbpfLb.E2E;

/// <summary>A service of one test, on addresses that no other test uses.</summary>
public sealed record TestService(ServiceManifest Manifest)
{
    /// <summary>"10.96.0.7:80" or "[fd00:10:96::7]:80", as netprobe wants it.</summary>
    public string Address(Family family, int port = TestNode.ServicePort)
    {
        var ip = Manifest.ClusterIPs[family == Family.IPv6 ? 1 : 0];
        return new IPEndPoint(ip, port).ToString();
    }

    /// <summary>What getpeername() and recvfrom() must say: the address asked for.</summary>
    public string Seen(Family family, int port = TestNode.ServicePort) => family == Family.Mapped
        ? string.Create(CultureInfo.InvariantCulture, $"[::ffff:{Manifest.ClusterIPs[0]}]:{port}")
        : Address(family, port);

    public LoadSpec Load(LoadMode mode, Family family) => new(mode, Address(family)) { Mapped = family == Family.Mapped };
}
