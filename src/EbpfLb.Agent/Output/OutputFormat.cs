namespace EbpfLb.Agent.Output;

/// <summary>What `-o` chooses.</summary>
internal enum OutputFormat
{
    Table,
    Json,
}
