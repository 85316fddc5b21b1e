using System.Net;
using EbpfLb.Abi;

namespace EbpfLb.Datapath.Tests.Packets.Harness;

/// <summary>A frontend and how it is reached; a NodePort has the address 0 of its family.</summary>
internal sealed record FrontendSpec(IPAddress Address, int Port, LbServiceFlag Kind = default);

/// <summary>A backend and the lists it is in.</summary>
internal sealed record BackendSpec(
    IPAddress Address, int Port, bool OnThisNode = false,
    LbBackendFlag Lists = LbBackendFlag.InCluster | LbBackendFlag.InLocal)
{
    /// <summary>Of the node that it is on; null: not known.</summary>
    public IPAddress? Node { get; init; }
}

/// <summary>A service port as <see cref="PacketProgram.Serve"/> writes it.</summary>
internal sealed record ServiceSpec(byte Protocol, params FrontendSpec[] Frontends)
{
    public BackendSpec[] Backends { get; init; } = [];

    /// <summary>For all frontends, beside their kinds.</summary>
    public LbServiceFlag Flags { get; init; }

    public uint AffinitySeconds { get; init; }

    /// <summary>"198.51.100.0/24": the sources that may use it.</summary>
    public string[] Ranges { get; init; } = [];
}

/// <summary>Where a service was written.</summary>
internal sealed record ServedService(uint Id, ServiceSpec Spec, uint FirstBackendId)
{
    public uint BackendId(int index) => FirstBackendId + (uint)index;
}
