using EbpfLb.Model;

namespace EbpfLb.Policy;

/// <summary>Something in an object that could not be done as written.</summary>
/// <param name="Field">Path inside the object, such as "spec.ports[1]".</param>
/// <param name="Message">What is wrong and what to do about it.</param>
public sealed record PolicyDiagnostic(ObjectName Object, string Field, string Message)
{
    public override string ToString() => $"Service {Object}, {Field}: {Message}";
}
