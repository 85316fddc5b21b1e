using EbpfLb.Model;

namespace EbpfLb.Policy.Compiler;

/// <summary>
/// Ports of one Service that repeat. An API server refuses such a Service; should one come all the same, the first port wins.
/// </summary>
internal static class RepeatedPorts
{
    /// <summary>Why the port cannot be served; null when it can.</summary>
    public static PolicyDiagnostic? Port(Service service, int index)
    {
        var port = service.Ports[index];
        for (var i = 0; i < index; i++)
        {
            var earlier = service.Ports[i];
            if (earlier.Protocol != port.Protocol || (earlier.Port != port.Port && earlier.Name != port.Name)) continue;
            var same = earlier.Port == port.Port ? $"number {port.Port}" : $"name '{port.Name}'";
            return new PolicyDiagnostic(service.Name, $"spec.ports[{index}]",
                $"has the {same} of spec.ports[{i}] with the same protocol and is not served; "
                + "give every port a number and a name of its own");
        }
        return null;
    }

    /// <summary>Why the port's node port cannot be served; null when it can.</summary>
    public static PolicyDiagnostic? NodePort(Service service, int index)
    {
        var port = service.Ports[index];
        for (var i = 0; i < index; i++)
        {
            var earlier = service.Ports[i];
            if (port.NodePort == 0 || earlier.Protocol != port.Protocol || earlier.NodePort != port.NodePort) continue;
            return new PolicyDiagnostic(service.Name, $"spec.ports[{index}].nodePort",
                $"{port.NodePort} is that of spec.ports[{i}] with the same protocol and is not served for this port; "
                + "give every port a node port of its own");
        }
        return null;
    }
}
