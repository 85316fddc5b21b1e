using EbpfLb.Model;

namespace EbpfLb.Planning.Planned;

/// <summary>A Service that did not fit: it stays as it was, and every later plan tries again.</summary>
/// <param name="Table">What is full, such as "lb_backends".</param>
/// <param name="Option">The option that enlarges it, such as "--max-backends".</param>
/// <param name="Message">What is missing and what to do about it.</param>
public sealed record PlanDiagnostic(ObjectName Service, string Table, string Option, string Message)
{
    /// <summary><see cref="FailureReason.Full"/>, or <see cref="FailureReason.NotGivenBack"/> where a larger table would not help.</summary>
    public FailureReason Reason { get; init; } = FailureReason.Full;

    public override string ToString() => $"Service {Service}: {Message}";
}
