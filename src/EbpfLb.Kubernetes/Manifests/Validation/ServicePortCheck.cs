using EbpfLb.Kubernetes.Manifests.Parser;

namespace EbpfLb.Kubernetes.Manifests.Validation;

/// <summary>What the entries of spec.ports must be, one after the other: names and numbers may not repeat.</summary>
internal sealed class ServicePortCheck(ManifestOptions options, string type, bool requireName)
{
    private readonly HashSet<string> names = [];
    private readonly HashSet<(string Protocol, int Port)> ports = [];
    private readonly HashSet<(string Protocol, int NodePort)> nodePorts = [];

    /// <summary>Checks one entry; returns its port number, 0 when it has none.</summary>
    public int Check(Field port)
    {
        if (!port.IsObject()) return 0;
        KnownFields.Warn(port, KnownFields.ServicePort);
        Name(port["name"]);
        var protocol = ServiceCheck.OneOf(port["protocol"], ["TCP", "UDP", "SCTP"], "TCP");
        var number = Number(port["port"], protocol);
        Target(port["targetPort"]);
        NodePort(port["nodePort"], protocol);
        if (port["appProtocol"].Text() is { } text && NameRules.QualifiedName(text) is { } reason)
            port["appProtocol"].Refuse($"\"{text}\": {reason}");
        return number;
    }

    private void Name(Field name)
    {
        var text = name.TextOrEmpty();
        if (text.Length == 0)
        {
            if (requireName) name.Refuse("ports of a Service with more than one need names; set it");
            return;
        }
        if (NameRules.Dns1123Label(text) is { } reason) name.Refuse($"\"{text}\": {reason}");
        if (!names.Add(text)) name.Refuse($"\"{text}\" is the name of another port already; rename one");
    }

    private int Number(Field port, string protocol)
    {
        var number = port.Integer();
        if (number is null && port.IsSet) return 0;
        if (number is null) port.Refuse("a port needs a number; set it to 1 to 65535");
        else if (number is < 1 or > 65535) port.Refuse($"{number} is not between 1 and 65535; correct it");
        else if (!ports.Add((protocol, number.Value))) port.Refuse($"{number}/{protocol} is there already; remove one");
        return number ?? 0;
    }

    private static void Target(Field target)
    {
        if (target.HoldsText)
        {
            if (target.Text() is { Length: > 0 } name && NameRules.PortName(name) is { } reason) target.Refuse($"\"{name}\": {reason}");
        }
        else if (target.Integer() is { } number and not 0 and (< 1 or > 65535))
        {
            target.Refuse($"{number} is not between 1 and 65535; correct it");
        }
    }

    private void NodePort(Field nodePort, string protocol)
    {
        if (nodePort.Integer() is not { } number || number == 0)
        {
            if (type == "NodePort")
                nodePort.Warn(
                    "is not set: the port has no node port; set one (an API server would choose it, a manifest directory cannot)");
            return;
        }
        if (type == "ClusterIP") nodePort.Refuse("may not be used when type is ClusterIP; remove it or set type: NodePort");
        else if (!options.IsNodePort(number))
            nodePort.Refuse($"{number} is not in the valid range {options.NodePortRange}; choose one of these");
        else if (!nodePorts.Add((protocol, number))) nodePort.Refuse($"{number}/{protocol} is there already; remove one");
    }
}
