namespace EbpfLb.Policy.Explaining;

/// <summary>A frontend and the port that it belongs to.</summary>
internal sealed record ServedAddress(ServedFrontend Frontend, ServedPort Port);
