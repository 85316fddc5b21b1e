namespace EbpfLb.Model;

/// <param name="What">"services", or the name of a map.</param>
/// <param name="Elements">How many were compared.</param>
public sealed record ComparedElements(VerifyStage Stage, string What, long Elements);
