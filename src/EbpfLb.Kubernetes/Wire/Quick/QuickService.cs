using EbpfLb.Kubernetes.Manifests.Validation;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Wire.Quick;

/// <summary>
/// A Service for clients inside of the cluster, read once; see <see cref="QuickReader"/>. What is not declined passes
/// <see cref="ServiceCheck"/> without a word. LoadBalancers, ExternalNames and rare fields are declined.
/// </summary>
internal static class QuickService
{
    private const int MostPorts = 64;

    /// <param name="isNodePort">Which node ports a Service may ask for.</param>
    /// <param name="saysKind">It has to say itself what it is.</param>
    public static WireService Read(ref QuickReader reader, Func<int, bool> isNodePort, bool saysKind)
    {
        var service = new WireService();
        var said = 0;
        var first = reader.BeginObject();
        while (reader.NextMember(first))
        {
            if (reader.Is("metadata"u8)) service.Metadata = QuickMetadata.Read(ref reader, NameRules.Dns1123Label);
            else if (reader.Is("spec"u8)) service.Spec = Spec(ref reader, isNodePort);
            else if (reader.Is("status"u8)) service.Status = Status(ref reader);
            else if (reader.Says("v1", "Service")) said++;
            else reader.Skip();
        }
        reader.Require(service is { Metadata: not null, Spec: not null });
        reader.Require(!saysKind || said == 2);
        return service;
    }

    /// <summary>The name of a port, which may be empty.</summary>
    public static string PortName(ref QuickReader reader)
    {
        var name = reader.Text();
        return name.IsEmpty ? "" : reader.Pooled(reader.Text(NameRules.Dns1123Label));
    }

    /// <summary>Without addresses of load balancers.</summary>
    private static WireServiceStatus Status(ref QuickReader reader)
    {
        var status = new WireServiceStatus();
        var first = reader.BeginObject();
        while (reader.NextMember(first))
        {
            if (!reader.Is("loadBalancer"u8))
            {
                reader.Skip();
                continue;
            }
            status.LoadBalancer = new WireBalancerStatus();
            // Whatever is in it is for the thorough way.
            if (reader.NextMember(reader.BeginObject())) reader.Decline();
        }
        return status;
    }

    private static WireServiceSpec Spec(ref QuickReader reader, Func<int, bool> isNodePort)
    {
        var spec = new WireServiceSpec();
        var addresses = default(QuickAddresses);
        var timeout = 0;
        var first = reader.BeginObject();
        while (reader.NextMember(first))
        {
            if (addresses.TryRead(ref reader)) continue;
            if (reader.Is("ports"u8)) spec.Ports = Ports(ref reader, isNodePort);
            else if (reader.Is("selector"u8)) spec.Selector = QuickMetadata.AnyLabels(ref reader);
            else if (reader.Is("type"u8)) spec.Type = reader.Text("ClusterIP", "NodePort");
            else if (reader.Is("sessionAffinity"u8)) spec.SessionAffinity = reader.Text("None", "ClientIP");
            else if (reader.Is("sessionAffinityConfig"u8)) timeout = Timeout(ref reader);
            else if (reader.Is("internalTrafficPolicy"u8)) spec.InternalTrafficPolicy = reader.Text("Cluster", "Local");
            else if (reader.Is("externalTrafficPolicy"u8)) spec.ExternalTrafficPolicy = reader.Text("Cluster", "Local");
            else if (reader.Is("trafficDistribution"u8)) reader.Text("PreferClose", "PreferSameZone", "PreferSameNode");
            else if (reader.Is("publishNotReadyAddresses"u8)) reader.Flag();
            else reader.Decline();
        }
        addresses.Complete(ref reader, spec);
        if (timeout > 0) spec.SessionAffinityConfig = new() { ClientIP = new() { TimeoutSeconds = timeout } };
        Check(ref reader, spec, addresses.IsHeadless, timeout);
        return spec;
    }

    /// <summary>What fields have to do with each other.</summary>
    private static void Check(ref QuickReader reader, WireServiceSpec spec, bool isHeadless, int timeout)
    {
        var isNodePort = spec.Type == "NodePort";
        reader.Require(timeout == 0 || spec.SessionAffinity == "ClientIP");
        reader.Require(isNodePort ? !isHeadless : spec.ExternalTrafficPolicy is null);
        var ports = spec.Ports ?? [];
        reader.Require(ports.Length > 0 || isHeadless);
        for (var i = 0; i < ports.Length; i++)
        {
            ref readonly var port = ref ports[i];
            reader.Require(isNodePort == port.NodePort is > 0);
            reader.Require(ports.Length == 1 || port.Name is { Length: > 0 });
            for (var j = 0; j < i; j++)
            {
                reader.Require(ports[j].Name != port.Name);
                if ((ports[j].Protocol ?? "TCP") != (port.Protocol ?? "TCP")) continue;
                reader.Require(ports[j].Port != port.Port && (!isNodePort || ports[j].NodePort != port.NodePort));
            }
        }
    }

    /// <returns>Seconds; 0: there is none.</returns>
    private static int Timeout(ref QuickReader reader)
    {
        var seconds = 0;
        var first = reader.BeginObject();
        while (reader.NextMember(first))
        {
            reader.Require(reader.Is("clientIP"u8));
            var inner = reader.BeginObject();
            while (reader.NextMember(inner))
            {
                reader.Require(reader.Is("timeoutSeconds"u8));
                seconds = reader.Integer(1, 86400);
            }
        }
        // An empty one has a warning without ClientIP.
        reader.Require(seconds > 0);
        return seconds;
    }

    private static WireServicePort[] Ports(ref QuickReader reader, Func<int, bool> isNodePort)
    {
        var ports = new List<WireServicePort>(1);
        reader.BeginArray();
        while (reader.NextItem())
        {
            reader.Require(ports.Count < MostPorts);
            ports.Add(Port(ref reader, isNodePort));
        }
        return [.. ports];
    }

    private static WireServicePort Port(ref QuickReader reader, Func<int, bool> isNodePort)
    {
        var port = new WireServicePort();
        var first = reader.BeginObject();
        while (reader.NextMember(first))
        {
            if (reader.Is("name"u8)) port.Name = PortName(ref reader);
            else if (reader.Is("protocol"u8)) port.Protocol = reader.Text("TCP", "UDP", "SCTP");
            else if (reader.Is("port"u8)) port.Port = reader.Integer(1, ushort.MaxValue);
            else if (reader.Is("targetPort"u8)) Target(ref reader);
            else if (reader.Is("appProtocol"u8)) reader.Text(NameRules.QualifiedName);
            else if (reader.Is("nodePort"u8))
            {
                var number = reader.Integer(1, ushort.MaxValue);
                reader.Require(isNodePort(number));
                port.NodePort = number;
            }
            else reader.Decline();
        }
        reader.Require(port.Port is not null);
        return port;
    }

    private static void Target(ref QuickReader reader)
    {
        if (reader.Token == System.Text.Json.JsonTokenType.String) reader.Text(NameRules.PortName);
        else reader.Integer(0, ushort.MaxValue);
    }
}
