using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Wire;

/// <summary>Something in an object that is left out, while the rest of the object is used.</summary>
/// <param name="Kind">"Service", "EndpointSlice", ...</param>
/// <param name="Field">Path inside the object: "spec.clusterIPs[1]".</param>
/// <param name="Value">What stands there.</param>
/// <param name="Reason">What is wrong with it, what happens, what to do.</param>
internal readonly record struct WireWarning(string Kind, ObjectName Object, string Field, string Value, string Reason)
{
    public override string ToString() => $"{Kind} {Object}: {Field} is \"{Value}\": {Reason}";
}
