export const site = { title: "Stairs", description: "Counted each morning" };
