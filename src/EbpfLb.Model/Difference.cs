namespace EbpfLb.Model;

/// <summary>What is compared with what was made from it, from the API server down to the kernel.</summary>
public enum VerifyStage
{
    /// <summary>A fresh list of the source's objects, with the state that the watch has kept.</summary>
    Api,

    /// <summary>That state compiled anew, with the table that was kept up to date change by change.</summary>
    Table,

    /// <summary>The table, with what the agent believes the kernel to hold.</summary>
    Mirror,

    /// <summary>What the agent believes, with what the maps hold.</summary>
    Kernel,

    /// <summary>Hooks, programs at devices and pins.</summary>
    Attachment,
}

/// <summary>Two that should be equal and are not.</summary>
/// <param name="Object">"Service default/web", "lb_services4 10.96.0.1:80/TCP".</param>
/// <param name="Field">What of it differs; "-" when one of the two is not there at all.</param>
/// <param name="Expected">"none" for what should not be there.</param>
/// <param name="Found">"none" for what is not there.</param>
public sealed record Difference(VerifyStage Stage, string Object, string Field, string Expected, string Found)
{
    /// <summary>
    /// The service port that it belongs to, "default/web:http"; null: none, or it is in <see cref="Object"/>. The same difference with or
    /// without it.
    /// </summary>
    public string? Service { get; init; }

    public bool Equals(Difference? other)
        => other is not null && Stage == other.Stage && Object == other.Object && Field == other.Field && Expected == other.Expected
            && Found == other.Found;

    public override int GetHashCode() => HashCode.Combine(Stage, Object, Field, Expected, Found);

    /// <summary>What stands for "not there".</summary>
    public const string None = "none";

    /// <summary>Stands for the object as a whole.</summary>
    public const string Whole = "-";

    public override string ToString()
        => $"{Object}{(Service is null ? "" : $" of {Service}")}: "
            + $"{(Field == Whole ? "" : Field + " ")}should be {Expected}, is {Found}";
}
